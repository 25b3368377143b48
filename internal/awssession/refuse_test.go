package awssession_test

import (
	"strings"
	"testing"

	"holdfast/failure"
	"holdfast/internal/awssession"
)

func TestRefuse(t *testing.T) {
	t.Parallel()
	_, err := awssession.Refuse("this is a dry run").Config(t.Context(), awssession.Request{})
	if !failure.Is(err, failure.Credentials) || !strings.Contains(err.Error(), "this is a dry run") {
		t.Errorf("error %v, want class credentials with the reason", err)
	}
}
