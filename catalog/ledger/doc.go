// Package ledger makes the history of the catalog tamper-evident. The leader seals the
// events in segments, each seal over the one before; whoever later changes, takes out,
// adds or moves an event is found by comparing the events with the seals. With a key, whose
// holder alone can seal, a rewritten chain is found too; without one, an anchor kept
// elsewhere (a seal's number and hash, or an export) is what a rewritten chain is held
// against.
//
// Sealing reads what is committed already. It costs the writers nothing but one short wait
// per pass, in which the end of the history is found.
package ledger
