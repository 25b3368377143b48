package sqlstore

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"holdfast/catalog"
)

var surveyColumns = []column[catalog.SurveyPart]{
	text("place", func(p *catalog.SurveyPart) *string { return &p.Place }),
	integer("number", func(p *catalog.SurveyPart) *int { return &p.Number }),
	instant("at", func(p *catalog.SurveyPart) *time.Time { return &p.At }),
	document("body", func(p *catalog.SurveyPart) *json.RawMessage { return &p.Body }),
}

// surveyPage is how many parts are read or written at once: each may have some 500 KB.
const surveyPage = 20

// KeepSurvey implements catalog.Surveys.
func (s *Store) KeepSurvey(ctx context.Context, parts []catalog.SurveyPart) error {
	return s.update(ctx, "keep a survey", func(ctx context.Context, q session) error {
		replaced := map[string]bool{}
		for _, p := range parts {
			if replaced[p.Place] {
				continue
			}
			replaced[p.Place] = true
			if _, err := q.exec(ctx, "DELETE FROM survey WHERE place = ?", p.Place); err != nil {
				return err
			}
		}
		for chunk := range slices.Chunk(parts, surveyPage) {
			if _, err := insert(ctx, q, "survey", surveyColumns, chunk, "place, number", "place"); err != nil {
				return err
			}
		}
		return nil
	})
}

// Survey implements catalog.Surveys.
func (s *Store) Survey(ctx context.Context, since time.Time, yield func(catalog.SurveyPart) error) error {
	place, number := "", -1
	for {
		var page []catalog.SurveyPart
		err := s.view(ctx, "read a survey", func(ctx context.Context, q session) (err error) {
			page, err = read(ctx, q, surveyColumns,
				"FROM survey WHERE at >= ? AND (place > ? OR place = ? AND number > ?) ORDER BY place, number LIMIT ?",
				millis(since), place, place, number, surveyPage)
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := yield(p); err != nil {
				return err
			}
		}
		if len(page) < surveyPage {
			return nil
		}
		place, number = page[len(page)-1].Place, page[len(page)-1].Number
	}
}

// ForgetSurvey implements catalog.Surveys.
func (s *Store) ForgetSurvey(ctx context.Context) error {
	return s.update(ctx, "forget a survey", func(ctx context.Context, q session) error {
		_, err := q.exec(ctx, "DELETE FROM survey")
		return err
	})
}
