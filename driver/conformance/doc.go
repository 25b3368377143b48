// Package conformance checks that a driver keeps the contract of package driver. The
// checks are plain functions that return errors, without package testing, so that a test
// (driver/drivertest) and a command against a live account run the same ones.
//
// A driver is checked in worlds its Harness makes: a few resources in two regions of an
// AWS, real, emulated or simulated, where time and faults are at the check's command. What
// a driver did is judged by what is there afterwards (World.Points), not by what it says.
package conformance
