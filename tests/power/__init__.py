"""What is left of an archive when the power goes: recorded, modelled, judged.

``record`` notes what a process does on the disk, ``disk`` says which disks a crash may leave of it,
``promises`` what must hold on every one of them, ``seeds`` breaks the record in known ways, to show
that the model would see it, and ``cases`` has the records that are looked at.
"""
