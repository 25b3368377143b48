package api_test

import (
	"testing"

	"holdfast/internal/golden"

	"holdfast/api"
)

// The document in docs is what the handlers' types say.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	got, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	const path = "../docs/openapi.yaml"
	golden.Text(t, path, string(got))
}
