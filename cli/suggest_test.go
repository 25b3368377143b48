package cli

import (
	"bytes"
	"testing"
)

func TestAnUnknownCommandNamesTheNearest(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := Run(t.Context(), Env{Args: []string{"holdfast", "bakup"}, Stdout: &out, Stderr: &errs})
	want := "holdfast: there is no command \"bakup\". Did you mean \"backup\"?\n"
	if code != codeBadInput || errs.String() != want || out.Len() > 0 {
		t.Errorf("exit %d, stderr %q, stdout %q; want 2 and %q", code, errs.String(), out.String(), want)
	}
}
