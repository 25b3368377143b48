package budget_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"holdfast/internal/golden"

	"holdfast/admission/budget"
)

// TestPageListsTheBuckets keeps the table in docs/budgets.md true.
func TestPageListsTheBuckets(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../docs/budgets.md", "<!-- buckets -->\n", "<!-- end of buckets -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", path)
	}
	want := before + begin + bucketTable() + end + after
	golden.Text(t, path, want)
}

func bucketTable() string {
	var b strings.Builder
	b.WriteString("| calls | bucket | a second | at once | source |\n|---|---|---|---|---|\n")
	for _, row := range budget.Rows() {
		bucket, source := "one each", "none published"
		if row.Bucket != "" {
			bucket = "`" + row.Bucket + "`"
		}
		if row.Source != "" {
			source = "[AWS](" + row.Source + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %g | %g | %s |\n", strings.Join(row.Calls, "` `"), bucket, row.Rate, row.Burst, source)
	}
	return b.String()
}
