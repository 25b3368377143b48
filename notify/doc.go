// Package notify tells people and machines what they should know: it reads the history of
// the catalog from a cursor, decides purely where each event goes and which belong
// together, keeps the messages in the catalog, and delivers them through the queue.
//
// Three steps, each of which may be killed at any moment. Scan moves the cursor and stores
// the messages its events gave rise to in one transaction. Flush hands messages that are
// due to the queue, again until they are delivered. Deliver sends one message and records
// what came of it. So every event is in exactly one message of a target, and every message
// is delivered at least once. A target that stays down costs retries on a queue of its
// own, which no backup waits for.
package notify
