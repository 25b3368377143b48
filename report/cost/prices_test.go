package cost

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/resource"
)

func TestDefaultPricesHaveEveryKind(t *testing.T) {
	t.Parallel()
	p := Default()
	for _, kind := range resource.Kinds() {
		if price, ok := p.Of(kind, "eu-west-1"); !ok || price <= 0 {
			t.Errorf("%s has no price", kind)
		}
	}
	if !p.Default || p.AsOf == "" || !strings.Contains(Embedded(), p.AsOf) {
		t.Errorf("the default prices are as of %q", p.AsOf)
	}
}

func TestTheNearestPriceCounts(t *testing.T) {
	t.Parallel()
	p, err := Parse("p.json", []byte(`{"as_of": "2026-01-31", "currency": "USD", "prices": [
		{"kind": "*", "region": "*", "gib_month": 1}, {"kind": "*", "region": "eu-west-1", "gib_month": 2},
		{"kind": "ebs", "region": "*", "gib_month": 3}, {"kind": "ebs", "region": "eu-west-1", "gib_month": 4}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		kind   resource.Kind
		region string
		want   float64
	}{{resource.RDS, "us-east-1", 1}, {resource.RDS, "eu-west-1", 2}, {resource.EBS, "us-east-1", 3}, {resource.EBS, "eu-west-1", 4}} {
		if got, _ := p.Of(tc.kind, tc.region); got != tc.want {
			t.Errorf("%s in %s costs %v, want %v", tc.kind, tc.region, got, tc.want)
		}
	}
}

func TestBadPricesAreRefused(t *testing.T) {
	t.Parallel()
	const head = "as_of: 2026-01-01\ncurrency: USD\n"
	for text, want := range map[string][]string{
		"":                    {"p.yaml:1: : the file is empty"},
		"a: [":                {"p.yaml:1: : not YAML"},
		head + "prices: []\n": {"p.yaml:3: prices: want a list"},
		head + "prices:\n- {kind: floppy, region: '*', gib_month: 1}\n- {kind: ebs, region: '', gib_month: cheap}\n": {
			"p.yaml:4: prices[0].kind: unknown resource kind", "p.yaml:5: prices[1].region: is empty", "p.yaml:5: prices[1].gib_month: \"cheap\" is no price",
		},
		head + "prices:\n- {kind: ebs, region: '*', gib_month: -1}\n- {kind: ebs, region: '*', gib_month: 1, extra: 2}\n": {
			"p.yaml:4: prices[0].gib_month", "p.yaml:5: prices[1].extra: unknown key", "p.yaml:5: prices[1]: the price of ebs in * is in line 4 already",
		},
		"as_of: soon\ncurrency: EUR\n": {"p.yaml:1: prices: is missing", "p.yaml:1: as_of: \"soon\" is no date", "p.yaml:2: currency: \"EUR\""},
	} {
		_, err := Parse("p.yaml", []byte(text))
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%q is accepted: %v", text, err)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		for i, line := range lines {
			if i < len(want) && strings.HasPrefix(line, want[i]) {
				lines[i] = want[i]
			}
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Embedded())
	f.Add("as_of: &a [*a]\nprices: *a")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("p.yaml", []byte(text))
		if err == nil {
			_, _ = p.Of(resource.EBS, "eu-west-1")
		} else if !strings.HasPrefix(fmt.Sprint(err), "p.yaml:") {
			t.Errorf("the problem names no file: %v", err)
		}
	})
}
