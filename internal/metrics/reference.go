package metrics

import (
	"fmt"
	"strings"
	"time"
)

// Reference returns docs/metrics.md: every metric with its type, labels and meaning.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Metrics\n\n" +
		"A process with web pages answers `/metrics` in Prometheus' text format. Counters and histograms are of\n" +
		"the process that is asked: add them up over the fleet. What is read from admission, the queues and the\n" +
		"catalog is of the whole installation and the same everywhere: take the maximum.\n\n" +
		"Labels have few values: no job ids, no ARNs; accounts only where slots are counted.\n" +
		"Besides these there are the usual `go_*` and `process_*` metrics.\n\n" +
		"With `web.login` the metrics of `web.listen` ask for a token as everything else does, because their labels\n" +
		"name accounts. A viewer's is enough, and Prometheus can send one:\n\n" +
		"    holdfast token create prometheus --role viewer --expires-in 366d > /etc/prometheus/holdfast.token\n\n" +
		"```yaml\n" +
		"scrape_configs:\n" +
		"  - job_name: holdfast\n" +
		"    scheme: https # of the proxy in front; http on the machine itself\n" +
		"    authorization: {credentials_file: /etc/prometheus/holdfast.token}\n" +
		"    static_configs: [{targets: [\"holdfast.example.com\"]}]\n" +
		"```\n\n" +
		"Without a valid token the answer is 401, and the target is down: alert on `up`. What `holdfast scheduler`\n" +
		"and `holdfast worker` serve on `web.metrics_listen` is metrics and health only and asks for no token: it\n" +
		"listens on loopback unless `web.allow_remote` is set; let only Prometheus reach it.\n\n" +
		"This page is generated from the table the program makes its metrics from.\n\n" +
		"| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, d := range definitions() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.name, d.shape, labelList(d), d.help)
	}
	b.WriteString("\nBuckets of the histograms:\n\n")
	for _, d := range definitions() {
		if d.shape == histogram {
			fmt.Fprintf(&b, "- `%s`: %s\n", d.name, bucketList(d.buckets))
		}
	}
	return b.String()
}

func labelList(d definition) string {
	if len(d.labels) == 0 {
		return "none"
	}
	return "`" + strings.Join(d.labels, "` `") + "`"
}

func bucketList(buckets []float64) string {
	words := make([]string, len(buckets))
	for i, s := range buckets {
		words[i] = shortDuration(time.Duration(s * float64(time.Second)))
	}
	return strings.Join(words, ", ")
}

// shortDuration writes 1h instead of 1h0m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
