// Package web serves what people and machines read of a running Holdfast: health and
// readiness, Prometheus metrics, the pages of package dashboard and the queue browser
// asynqmon.
//
// There is no authentication yet, so it listens on loopback unless told otherwise, and
// there it answers only requests that name a loopback host: a page on the internet whose
// name was pointed at 127.0.0.1 gets nothing.
package web
