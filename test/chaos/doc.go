// Package chaos breaks a whole installation on purpose and counts what came of it. One
// seed is two policy nights of a simulated organization: backups, copies, restores and
// expiries by two schedulers, four workers and a web process on a real redis-server and
// PostgreSQL, while processes, servers, AWS, clocks and operators misbehave by a script
// that follows from the seed.
//
// What counts is what the simulated organization saw, and what the suite itself asked for;
// the product is asked only how many jobs it has and whether they have ended.
//
// Everything runs on one clock, twenty times as fast as the machine's (package fastclock):
// the processes', the organization's and the database's. What the product times by that
// clock passes as fast: intents, look-ups, retries, breakers, windows. What lives in Redis
// or in asynq runs on the machine's time all the same: asynq's leases and heartbeats, its
// recoverer, and the 30 and 45 s after which the leader takes a grant or a start for lost.
// The leader's lease is set to five minutes, 15 s of the machine's time, as shipped.
package chaos
