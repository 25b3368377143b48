// Package memdriver is the reference driver: every method of the contract over an AWS-like
// service in memory, whose operations take time, whose listings have pages and lag behind,
// and whose calls can be made to fail. Tests of the engine and of the conformance suite
// use it; it protects nothing.
package memdriver
