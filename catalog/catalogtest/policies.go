package catalogtest

import (
	"encoding/json"
	"fmt"
	"testing"
)

var policyChecks = map[string]func(*testing.T, Open){"last valid policies": lastValidPolicies}

func lastValidPolicies(t *testing.T, open Open) {
	s, ctx := open(t), testContext(t)
	many := map[string]json.RawMessage{}
	for n := range 3000 { // more than one statement carries
		many[fmt.Sprintf("%012d", n)] = json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))
	}
	for _, want := range []map[string]json.RawMessage{
		{}, {"root": json.RawMessage(`{"plans":{"Dä":{}}}`), "web": json.RawMessage(`{}`)}, many, {"root": json.RawMessage(`{"plans":{}}`)}, {},
	} {
		if err := s.SetLastValidPolicies(ctx, want); err != nil {
			t.Fatal(err)
		}
		got, err := open(t).LastValidPolicies(ctx) // another process sees them
		if err != nil {
			t.Fatal(err)
		}
		same(t, "last valid policies", want, got)
	}
}
