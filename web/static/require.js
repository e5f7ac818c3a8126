// A minimal AMD loader: the installed build of vis-network registers itself with one.
"use strict";
// Declared here, since the build would otherwise declare it by evaluating text, which the content security policy forbids.
window.regeneratorRuntime = undefined;
window.require = { defined: () => false };
window.define = (name, dependencies, factory) => {
  window.vis = {};
  factory(window.vis);
};
