// The installed build of vis-network registers itself with an AMD loader; this is the little of one that it needs.
"use strict";
// Declared beforehand, or the build would declare it by evaluating text, which the content security policy forbids.
window.regeneratorRuntime = undefined;
window.require = { defined: () => false };
window.define = (name, dependencies, factory) => {
  window.vis = {};
  factory(window.vis);
};
