// Package browser tries the pages in a real Chromium over a running demo: every page, the
// actions, live updates, accessibility, and hostile input.
package browser
