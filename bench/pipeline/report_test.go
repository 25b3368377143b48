package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func round(jobs, bytes float64) results {
	return results{"admission": {
		"drain": aimed(jobs, perSecond, aim{AtLeast: 100}),
		"bytes": aimed(bytes, bytesUnit, aim{AtMost: 450}),
	}}
}

// TestMediansJudgeTheMedian: the verdict is that of the median and not of the last round.
func TestMediansJudgeTheMedian(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rounds []results
		want   results
	}{
		"odd":  {[]results{round(300, 500), round(50, 400), round(120, 440)}, round(120, 440)},
		"even": {[]results{round(90, 460), round(100, 450)}, round(95, 455)},
		"one":  {[]results{round(7, 8)}, round(7, 8)},
	} {
		if diff := cmp.Diff(test.want, medians(test.rounds)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRatiosNeedTheirYardstick(t *testing.T) {
	t.Parallel()
	before := results{sectionPlain: {"drain_4_servers": plain(1000, perSecond)}}
	s := section{}
	s.against(before, sectionPlain, "drain_4_servers", "of_plain", 300, &aim{AtLeast: 0.3})
	s.against(before, sectionRiver, "drain", "of_river", 300, nil)
	if diff := cmp.Diff(section{"of_plain": aimed(0.3, ratio, aim{AtLeast: 0.3})}, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !*s["of_plain"].Met {
		t.Error("an aim that is reached exactly is met")
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	d := document{Machine: machine{CPUs: 2}, Results: round(99, 161)}
	var asJSON, asText bytes.Buffer
	if err := json.NewEncoder(&asJSON).Encode(d); err != nil {
		t.Fatal(err)
	}
	var back document
	if err := json.Unmarshal(asJSON.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, back); diff != "" {
		t.Errorf("the JSON lost something (-want +got):\n%s", diff)
	}
	if err := d.writeText(&asText); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">= 100 MISSED", "<= 450 met"} {
		if !strings.Contains(asText.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, asText.String())
		}
	}
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"--output xml", "--jobs 0", "--rounds 0", "--resources -1", "--only nothing", "--only admission,admission"} {
		if err := run(t.Context(), strings.Fields(line), io.Discard, io.Discard); err == nil {
			t.Errorf("%s was accepted", line)
		}
	}
}

// TestVolumesSpreadEvenly: every account and region has its share, and no two are one.
func TestVolumesSpreadEvenly(t *testing.T) {
	t.Parallel()
	const each = 3
	arns, scopes := map[string]bool{}, map[string]int{}
	for _, v := range volumes(accounts * len(regions) * each) {
		arns[v.ARN] = true
		scopes[v.Account+"/"+v.Region]++
	}
	if len(arns) != accounts*len(regions)*each || len(scopes) != accounts*len(regions) {
		t.Fatalf("%d volumes in %d scopes", len(arns), len(scopes))
	}
	for scope, n := range scopes {
		if n != each {
			t.Errorf("%s has %d volumes, want %d", scope, n, each)
		}
	}
}
