package api

import (
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Page is how far a list goes.
type Page struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most this many"`
	After string `query:"after" maxLength:"256" doc:"next of the page before"`
}

// Place selects by kind and place.
type Place struct {
	Kind    []string `query:"kind" maxItems:"50" doc:"kinds, with commas"`
	Account string   `query:"account" pattern:"^[0-9]{12}$" doc:"account id"`
	Region  string   `query:"region" maxLength:"32"`
}

// problems gathers what is wrong with a query.
type problems []error

func (p *problems) add(parameter, message, value string) {
	*p = append(*p, &huma.ErrorDetail{Location: "query." + parameter, Message: message, Value: value})
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return huma.Error422UnprocessableEntity("the query was refused", p...)
}

// choices reads values of a closed list, in any case.
func choices[T ~string](p *problems, parameter string, values []string, allowed []T) []T {
	var chosen []T
next:
	for _, value := range values {
		for _, a := range allowed {
			if strings.EqualFold(string(a), value) {
				chosen = append(chosen, a)
				continue next
			}
		}
		names := make([]string, len(allowed))
		for i, a := range allowed {
			names[i] = string(a)
		}
		p.add(parameter, "is none of "+strings.Join(names, ", "), value)
	}
	return chosen
}

// utc drops the zone, which means nothing to the catalog.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
