package failure

import "testing"

func TestEveryClassHasARemedy(t *testing.T) {
	t.Parallel()
	for _, c := range Classes() {
		if c.Remedy() == "" {
			t.Errorf("class %s has no remedy", c)
		}
	}
	if got := Class("").Remedy(); got != "" {
		t.Errorf("no class has the remedy %q", got)
	}
}
