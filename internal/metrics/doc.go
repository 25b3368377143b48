// Package metrics is everything Holdfast tells Prometheus. Metrics counts what happens in
// this process; Collector asks admission, the queues and the catalog when it is scraped.
// docs/metrics.md is generated from the same table the metrics are made from.
package metrics
