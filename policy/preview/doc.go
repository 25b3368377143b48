// Package preview says what policies would do to the resources of an organization before
// anything runs: which rule takes what and why, what is taken twice, what by none, and
// which rules cannot be carried out. It is pure: resources and the time come in.
package preview
