// Package e2e tries whole fleets: real holdfast processes on real servers, killed,
// starved and emptied while they work, and judged from outside.
package e2e
