package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustSchedule(t testing.TB, expression, timezone string) Schedule {
	t.Helper()
	s, _, err := ParseSchedule(expression, timezone)
	if err != nil {
		t.Fatalf("ParseSchedule(%q, %q): %v", expression, timezone, err)
	}
	return s
}

// runs lists the next n runs in the schedule's own zone, minutes only.
func runs(s Schedule, after time.Time, n int) []string {
	var got []string
	for range n {
		at, ok := s.Next(after)
		if !ok {
			return append(got, "never")
		}
		got = append(got, at.In(s.location).Format("2006-01-02T15:04-07:00"))
		after = at
	}
	return got
}

func TestNext(t *testing.T) {
	t.Parallel()
	const utc = "Etc/UTC"
	tests := []struct{ expression, zone, after, want string }{
		{"cron(20 4 * * ? *)", utc, "2026-05-05T04:20:00Z", "2026-05-06T04:20+00:00 2026-05-07T04:20+00:00"},
		{"cron(20 4 * * ? *)", utc, "2026-05-05T04:19:59Z", "2026-05-05T04:20+00:00"},
		{"cron(20 4 * * ? *)", utc, "2026-05-05T04:20:01Z", "2026-05-06T04:20+00:00"},
		{"cron(0/25 6 * * ? *)", utc, "2026-05-05T00:00:00Z", "2026-05-05T06:00+00:00 2026-05-05T06:25+00:00 2026-05-05T06:50+00:00 2026-05-06T06:00+00:00"},
		{"cron(0 6 2W 5,8 ? *)", utc, "2026-04-01T00:00:00Z", "2026-05-01T06:00+00:00 2026-08-03T06:00+00:00 2027-05-03T06:00+00:00"},
		{"cron(0 1 LW 2,5 ? *)", utc, "2026-01-01T00:00:00Z", "2026-02-27T01:00+00:00 2026-05-29T01:00+00:00 2027-02-26T01:00+00:00"},
		{"cron(30 7 ? * 5#4 *)", utc, "2026-05-05T00:00:00Z", "2026-05-28T07:30+00:00 2026-06-25T07:30+00:00 2026-07-23T07:30+00:00"},
		{"cron(0 21 ? 3,6,9,12 6L *)", utc, "2026-05-05T00:00:00Z", "2026-06-26T21:00+00:00 2026-09-25T21:00+00:00 2026-12-25T21:00+00:00"},
		{"cron(15 23-1 ? * * *)", utc, "2026-05-05T22:00:00Z", "2026-05-05T23:15+00:00 2026-05-06T00:15+00:00 2026-05-06T01:15+00:00 2026-05-06T23:15+00:00"},
		{"cron(45 2 * * ? *)", "Europe/Paris", "2026-03-28T00:00:00Z", "2026-03-28T02:45+01:00 2026-03-30T02:45+02:00"},
		{"cron(10 1 * * ? *)", "America/Chicago", "2026-10-31T12:00:00Z", "2026-11-01T01:10-05:00 2026-11-02T01:10-06:00"},
		// The repeated hour of an hourly schedule is not run again: two hours pass.
		{"cron(30 * * * ? *)", "Europe/Berlin", "2026-10-24T23:00:00Z", "2026-10-25T01:30+02:00 2026-10-25T02:30+02:00 2026-10-25T03:30+01:00"},
		// Asked from inside the second pass.
		{"cron(0/20 * * * ? *)", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-25T03:00+01:00"},
		// Lord Howe moves by half an hour; Samoa left out 30 December 2011.
		{"cron(15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-02T15:00:00Z", "2026-10-03T02:15+10:30 2026-10-05T02:15+11:00"},
		// The last day of a leap year beyond the table of the zone, where the library misplaces a change of offset.
		{"cron(0 * * * ? *)", "Australia/Lord_Howe", "2040-12-30T23:59:30Z", "2040-12-31T11:00+11:00 2040-12-31T12:00+11:00"},
		{"cron(0 12 * * ? *)", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-29T12:00-10:00 2011-12-31T12:00+14:00"},
		{"cron(0 0 29 2 ? *)", utc, "2096-03-01T00:00:00Z", "2104-02-29T00:00+00:00"},
		{"cron(0 0 L 2 ? *)", utc, "2027-03-01T00:00:00Z", "2028-02-29T00:00+00:00 2029-02-28T00:00+00:00"},
		{"cron(0 0 L-3 * ? *)", utc, "2026-01-31T00:00:00Z", "2026-02-25T00:00+00:00 2026-03-28T00:00+00:00"},
		{"cron(0 0 31W * ? *)", utc, "2026-01-31T00:00:00Z", "2026-03-31T00:00+00:00 2026-05-29T00:00+00:00"},
		{"cron(0 0 1W 8 ? 2026)", utc, "2026-01-01T00:00:00Z", "2026-08-03T00:00+00:00 never"},
		{"cron(0 0 ? * L *)", utc, "2026-05-05T00:00:00Z", "2026-05-09T00:00+00:00 2026-05-16T00:00+00:00"},
		{"cron(0 0 ? * friL *)", utc, "2026-05-05T00:00:00Z", "2026-05-29T00:00+00:00 2026-06-26T00:00+00:00"},
		{"cron(0 0 ? * MON#5 *)", utc, "2026-05-05T00:00:00Z", "2026-06-29T00:00+00:00 2026-08-31T00:00+00:00"},
		{"cron(0 0 ? * FRI-MON *)", utc, "2026-05-05T00:00:00Z", "2026-05-08T00:00+00:00 2026-05-09T00:00+00:00 2026-05-10T00:00+00:00 2026-05-11T00:00+00:00 2026-05-15T00:00+00:00"},
		{"cron(0 0 30-2 nov-jan ? *)", utc, "2026-11-05T00:00:00Z", "2026-11-30T00:00+00:00 2026-12-01T00:00+00:00 2026-12-02T00:00+00:00 2026-12-30T00:00+00:00"},
		{"cron(50-10/10 0 1 1 ? *)", utc, "2026-01-01T00:00:00Z", "2026-01-01T00:10+00:00 2026-01-01T00:50+00:00 2027-01-01T00:00+00:00"},
		{"cron(0 0 1,L 4 ? *)", utc, "2026-04-01T00:00:00Z", "2026-04-30T00:00+00:00 2027-04-01T00:00+00:00"},
		{"cron(0 0 1 1 ? 2026/3)", utc, "2026-06-01T00:00:00Z", "2029-01-01T00:00+00:00 2032-01-01T00:00+00:00"},
		{"cron(59 23 31 12 ? 2199)", utc, "2026-06-01T00:00:00Z", "2199-12-31T23:59+00:00 never"},
		{"cron(0 0 1 1 ? 1970)", utc, "0001-01-01T00:00:00Z", "1970-01-01T00:00+00:00 never"},
		{"cron(0 5 30 2 ? *)", utc, "2026-06-01T00:00:00Z", "never"},
		{"cron(30 2 ? 3 SUN#2 *)", "America/New_York", "2026-01-01T00:00:00Z", "never"},
		{"cron( 0\t5  1 1 ? )", utc, "2026-06-01T00:00:00Z", "2027-01-01T05:00+00:00"},
	}
	for _, tt := range tests {
		t.Run(tt.expression+" "+tt.zone, func(t *testing.T) {
			t.Parallel()
			after, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Fields(tt.want)
			if diff := cmp.Diff(want, runs(mustSchedule(t, tt.expression, tt.zone), after, len(want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNextIsInUTC(t *testing.T) {
	t.Parallel()
	after := time.Date(2026, 5, 5, 0, 0, 0, 0, time.FixedZone("x", 3600))
	at, ok := mustSchedule(t, "cron(0 2 * * ? *)", "Europe/Berlin").Next(after)
	if want := time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC); !ok || !at.Equal(want) || at.Location() != time.UTC {
		t.Errorf("Next = %v, %v; want %v", at, ok, want)
	}
}

func TestZeroScheduleIsNeverDue(t *testing.T) {
	t.Parallel()
	if at, ok := (Rule{}).Next(time.Time{}); ok {
		t.Errorf("zero rule is due at %v", at)
	}
}

func TestParseScheduleErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ expression, zone, want string }{
		{"cron(0 4 10 * 3 *)", "", "both day fields have values"},
		{"cron(0 4 * * * *)", "", "both day fields have values"},
		{"cron(0 4 ? * ? *)", "", "both day fields are ?"},
		{"0 4 * * ? *", "", "write cron("},
		{"cron(0 4 * * ? *", "", "write cron("},
		{"Cron(0 4 * * ? *)", "", "write cron("},
		{"", "", "write cron("},
		{"rate(1 day)", "", "take no rate()"},
		{"cron(0 4 * * ? * *)", "", "7 fields"},
		{"cron(0 4 * *)", "", "4 fields"},
		{"cron()", "", "0 fields"},
		{"cron(60 4 * * ? *)", "", `minute field "60": "60" is not a number from 0 to 59`},
		{"cron(-1 4 * * ? *)", "", `"" is not a number`},
		{"cron(+1 4 * * ? *)", "", `"+1" is not a number`},
		{"cron(0 24 * * ? *)", "", "0 to 23"},
		{"cron(0 4 0 * ? *)", "", "1 to 31"},
		{"cron(0 4 32W * ? *)", "", "1 to 31"},
		{"cron(0 4 W * ? *)", "", "1 to 31"},
		{"cron(0 4 L-0 * ? *)", "", "n from 1 to 30"},
		{"cron(0 4 L-31 * ? *)", "", "n from 1 to 30"},
		{"cron(0 4 * 13 ? *)", "", "a name from JAN to DEC"},
		{"cron(0 4 * JANUARY ? *)", "", "a name from JAN to DEC"},
		{"cron(0 4 ? * 0 *)", "", "1 to 7"},
		{"cron(0 4 ? * 8L *)", "", "1 to 7"},
		{"cron(0 4 ? * 2#6 *)", "", "1 to 5"},
		{"cron(0 4 ? * 2#0 *)", "", "1 to 5"},
		{"cron(0 4 ? * 2#1,3#1 *)", "", "must be the only one"},
		{"cron(0 4 ? * 2#1,5 *)", "", "must be the only one"},
		{"cron(0 4 * * ? 1969)", "", "1970 to 2199"},
		{"cron(0 4 * * ? 2200)", "", "1970 to 2199"},
		{"cron(0 4 * * ? 2030-2026)", "", "ends before it begins"},
		{"cron(? 4 * * ? *)", "", "? stands alone"},
		{"cron(0 4 1,? * ? *)", "", "? stands alone"},
		{"cron(*,5 4 * * ? *)", "", "* cannot be part of a list"},
		{"cron(1, 4 * * ? *)", "", `"" is not a number`},
		{"cron(0/0 4 * * ? *)", "", "at least 1"},
		{"cron(0/ 4 * * ? *)", "", "at least 1"},
		{"cron(0/5/5 4 * * ? *)", "", `step "5/5"`},
		{"cron(1-2-3 4 * * ? *)", "", `"2-3" is not a number`},
		{"cron(00000 4 * * ? *)", "", "not a number"},
		{"cron(0 4 * * ? *) ", "", "write cron("},
		{"cron(0 4 ? * ſUN *)", "", "outside ASCII"},
		{"cron(" + strings.Repeat("0,", 200) + "0 4 * * ? *)", "", "longer than 256"},
		{"cron(0 4 * * ? *)", "Europe/Berln", `unknown time zone "Europe/Berln"`},
		{"cron(0 4 * * ? *)", "Local", "unknown time zone"},
		{"cron(0 4 * * ? *)", "localtime", "unknown time zone"},
		{"cron(0 4 * * ? *)", "right/UTC", "unknown time zone"},
		{"cron(0 4 * * ? *)", "../../etc/passwd", "unknown time zone"},
		{"cron(0 4 * * ? *)", "+02:00", "unknown time zone"},
	}
	for _, tt := range tests {
		t.Run(tt.expression+tt.zone, func(t *testing.T) {
			t.Parallel()
			_, _, err := ParseSchedule(tt.expression, tt.zone)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want it to contain %q", err, tt.want)
			}
		})
	}
}

func TestParseScheduleNamesEveryBadField(t *testing.T) {
	t.Parallel()
	_, _, err := ParseSchedule("cron(60 24 32 13 ? 1)", "")
	for _, field := range []string{"minute", "hour", "day-of-month", "month", "year"} {
		if err == nil || !strings.Contains(err.Error(), field+" field") {
			t.Errorf("error %v does not name the %s field", err, field)
		}
	}
}

func TestParseScheduleWarnings(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"cron(0 4 * * ? *)":    "",
		"cron(0 4 * * ?)":      "five fields",
		"cron(0 4 L-2 * ? *)":  "L-2 is not documented",
		"cron(0 4 ? * 2/2 *)":  "steps in the day-of-week field",
		"cron(5/60 4 ? * 2 *)": "step 60 is longer than the field",
	}
	for expression, want := range tests {
		_, warnings, err := ParseSchedule(expression, "")
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		}
		got := strings.Join(warnings, "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: warnings %q, want %q", expression, got, want)
		}
	}
}

func TestScheduleString(t *testing.T) {
	t.Parallel()
	s := mustSchedule(t, "cron( 0  4 ? * mon )", "")
	if got, want := s.String(), "cron(0 4 ? * mon *)"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if s.Timezone() != "Etc/UTC" {
		t.Errorf("Timezone() = %q", s.Timezone())
	}
	if again := mustSchedule(t, s.String(), s.Timezone()); !cmp.Equal(s, again) {
		t.Errorf("%v and %v differ", s, again)
	}
}

func TestSubHourly(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]bool{
		"cron(0 * * * ? *)":     false,
		"cron(59 0-23 * * ? *)": false,
		"cron(0,59 2 * * ? *)":  true,
		"cron(0/30 2 1 1 ? *)":  true,
		"cron(0/60 2 1 1 ? *)":  false,
	} {
		if got := mustSchedule(t, expression, "").SubHourly(); got != want {
			t.Errorf("%s: SubHourly() = %v", expression, got)
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, seed := range []string{
		"cron(0 2 * * ? *)", "cron(0/25 6 LW 2,5 ? 2030-2040/3)", "cron(30 7 ? * 5#4 *)",
		"cron(0 21 ? MAR,JUN 6L *)", "cron(5 4 L-3 * ?)", "cron(0 0 31W 2 ? *)", "rate(1 day)", "cron(",
	} {
		f.Add(seed, "Europe/Berlin", int64(1_800_000_000))
	}
	f.Fuzz(func(t *testing.T, expression, timezone string, unix int64) {
		s, _, err := ParseSchedule(expression, timezone)
		if err != nil {
			return
		}
		again, warnings, err := ParseSchedule(s.String(), s.Timezone())
		if err != nil || !s.Equal(again) {
			t.Fatalf("%q became %q: %v", expression, s, err)
		}
		if slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "five fields") }) {
			t.Fatalf("%q still lacks the year", s)
		}
		after := time.Unix(unix, 0)
		first, ok := s.Next(after)
		second, okAgain := again.Next(after)
		if ok != okAgain || !first.Equal(second) || ok && !first.After(after) {
			t.Fatalf("%q after %v: %v, %v and %v, %v", s, after, first, ok, second, okAgain)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	for _, expression := range []string{
		"cron(0 2 * * ? *)", "cron(30 7 ? * 5#4 *)", "cron(0 1 LW 2,5 ? *)", "cron(0 0 29 2 ? *)", "cron(0/5 * ? * * *)", "cron(0 5 30 2 ? *)",
	} {
		b.Run(expression, func(b *testing.B) {
			s := mustSchedule(b, expression, "Europe/Berlin")
			start := time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC)
			at := start
			for b.Loop() {
				next, ok := s.Next(at)
				if at = next; !ok {
					at = start
				}
			}
		})
	}
}
