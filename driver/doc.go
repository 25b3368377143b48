// Package driver is the contract between Holdfast and one kind of AWS resource: list it,
// start a backup, see how the backup is doing, copy, restore and delete it. It knows no
// AWS SDK; each kind has a folder below that does, and driver/all is the one list of them.
//
// Rules every driver keeps, tested by driver/conformance:
//
//   - The same Mark makes at most one artefact: Start, Copy and Restore with a mark that
//     was used before return the artefact made then, wherever AWS can tell.
//   - No driver waits, sleeps, retries on its own or logs. One method is a handful of
//     AWS calls under the caller's context.
//   - Errors carry a failure.Class. An error of Look or a reference missing from its
//     answer means "not observed", never "failed".
//   - A cancelled context makes no mutating call.
//   - Delete never touches an artefact that lacks this installation's mark.
package driver
