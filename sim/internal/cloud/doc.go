// Package cloud is what every simulated AWS service stands on: the accounts and regions
// of one organization, calls and their errors, operations that take time, token buckets,
// injected faults, the ledger of what was called, and the middleware that puts all of it
// under real SDK clients. It knows no service; package sim lists those.
//
// State advances lazily: an operation records when it ends, and whoever looks compares
// that with the clock. There are no goroutines.
package cloud
