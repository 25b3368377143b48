// Package localserver starts the real servers Holdfast is tried and measured on
// (redis-server, PostgreSQL, moto) on free loopback ports, as children that die with us.
// A program that is not installed is an error that names the command which installs it.
package localserver
