package operator

import (
	"strconv"
	"testing"

	"holdfast/admission"
	"holdfast/catalog"
)

// What holds for a key is its own cap, else what somebody set for all, else the default.
func TestCapOf(t *testing.T) {
	t.Parallel()
	defaults := admission.Caps{"account=*": 40, "restores=*": 5}
	set := []catalog.Cap{{Key: "account=*", Limit: 20}, {Key: "account=111122223333", Limit: 0}}
	for key, want := range map[string]string{
		"account=111122223333":  "0 set",
		"account=444455556666":  "20 account=*",
		"account=*":             "20 set",
		"restores=444455556666": "5 restores=*",
		"restores=*":            "5 default",
		"fleet=all":             "none ",
	} {
		got := CapOf(defaults, set, nil, key)
		text := "none"
		if got.Concurrency != nil {
			text = strconv.Itoa(*got.Concurrency)
		}
		if text += " " + got.Origin; text != want {
			t.Errorf("%s: %s, want %s", key, text, want)
		}
	}
}
