// Package demo plays two nights of a simulated organization in one process, with an
// embedded Redis and a SQLite file: backups and copies by policy, one restore of each
// kind, and, a week later, the expiry of what has lived long enough. Everything runs for
// real except AWS, which is package sim under the real SDK clients; the simulation, not
// Holdfast, judges at the end whether anything was lost or made twice.
package demo
