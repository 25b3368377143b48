// Package testkit starts the real servers tests need (redis-server, PostgreSQL, moto) on
// free loopback ports and stops them when the test ends. Only tests import it.
//
// A program that is not installed fails the test and names the command that installs it;
// nothing is skipped, except everything that needs a server when the tests run with -short.
package testkit
