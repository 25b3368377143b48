package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_700_000_000, 0)
	at := func(seconds ...int) (list []time.Time) {
		for _, s := range seconds {
			list = append(list, began.Add(time.Duration(s)*time.Second))
		}
		return list
	}
	all := tally{Accepted: at(8, 2), Attempts: 3, Throttled: 1}.plus(tally{Accepted: at(4), Attempts: 1, PutOff: 7})
	got := judge(all, at(1, 8, 9), began)
	// 100 and 50 a second for 8 seconds, less the two calls of the stranger until then.
	if want := 3.0 / 498; math.Abs(got.BudgetShare-want) > 1e-9 || got.ThrottledShare != 0.25 || got.StrangerCalls != 2 || got.PutOff != 7 {
		t.Errorf("figures are %+v, want a budget share of %g", got, want)
	}
	if got := judge(tally{}, nil, began); got != (figures{}) {
		t.Errorf("of nothing the figures are %+v", got)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	d := document{Runs: []result{
		{Processes: 16, Contenders: map[string]figures{holdfast: {BudgetShare: 0.97, ThrottledShare: 0.1}}},
		{Processes: 16, Stranger: true, Contenders: map[string]figures{holdfast: {BudgetShare: 0.8, ThrottledShare: 0.01}}},
	}}
	var text, data bytes.Buffer
	if err := d.writeText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">= 0.95 met, <= 0.005 MISSED", ">= 0.85 MISSED, <= 0.03 met"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, text.String())
		}
	}
	if err := json.NewEncoder(&data).Encode(d); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Runs []struct {
			Stranger   bool
			Contenders map[string]map[string]float64
		}
	}
	if err := json.Unmarshal(data.Bytes(), &back); err != nil || back.Runs[1].Contenders[holdfast]["budget_share"] != 0.8 {
		t.Errorf("read back %+v, %v", back, err)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--output", "xml"}, {"--calls", "0"}, {"--processes", "1,x"}, {"--processes", "100"}, {"--nonsense"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
