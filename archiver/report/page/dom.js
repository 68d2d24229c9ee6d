"use strict";
// Elements are made here, and text goes into them as text: nothing that was served is ever markup.

const SVG = "http://www.w3.org/2000/svg";

function byId(id) {
  return document.getElementById(id);
}

/** Make an element with these attributes (false and null leave one out) and children or texts. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function replaceChildren(node, children) {
  const fragment = document.createDocumentFragment();
  fragment.append(...children);
  node.replaceChildren(fragment);
}

/** Pairs of a term and what it is, as the rows of a description list. */
function described(pairs) {
  return pairs.map(([term, ...values]) => {
    const shown = values.map((value) => element("dd", {}, value));
    return element("div", {}, element("dt", {}, term), ...shown);
  });
}

/**
 * One stop for the tab key in a group of many: arrow keys move within it.
 * `next(item, key)` is the item that a key leads to, or null.
 */
function roving(group, selector, next) {
  const move = (item) => {
    for (const other of group.querySelectorAll(`${selector}[tabindex="0"]`)) {
      other.setAttribute("tabindex", "-1");
    }
    item.setAttribute("tabindex", "0");
  };
  group.addEventListener("focusin", (event) => {
    const item = event.target.closest(selector);
    if (item) move(item);
  });
  group.addEventListener("keydown", (event) => {
    const item = event.target.closest(selector);
    const other = item && !event.altKey && !event.ctrlKey && !event.metaKey && next(item, event.key);
    if (!other) return;
    event.preventDefault();
    move(other);
    other.focus();
  });
  return move;
}

/** What is drawn has no click of its own by keyboard, as a button has. */
function pressedByKey(event) {
  if (event.key !== "Enter" && event.key !== " ") return false;
  event.preventDefault();
  return true;
}
