package metrics

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"holdfast/catalog"
)

// HealthStore is what Health needs of catalog.Store.
type HealthStore interface {
	Risks(ctx context.Context) ([]catalog.Risk, error)
	Lease(ctx context.Context, name string) (catalog.Lease, error)
}

// Health reads what is at risk and whether anybody leads; lease names the leader's.
func Health(store HealthStore, lease string) Source {
	risk, leads := atRisk.desc(), leader.desc()
	return Source{"health", func(ctx context.Context) (list []prometheus.Metric, err error) {
		held, err := store.Lease(ctx, lease)
		if err != nil {
			return nil, fmt.Errorf("read the leader's lease: %w", err)
		}
		value := 0.0
		if held.Held {
			value = 1
		}
		list = append(list, constant(leads, value))
		risks, err := store.Risks(ctx)
		if err != nil {
			return list, fmt.Errorf("read what is at risk: %w", err)
		}
		counts := map[string]int{}
		for _, r := range risks {
			counts[r.Kind] += r.Count
		}
		for _, kind := range catalog.RiskKinds() {
			list = append(list, constant(risk, float64(counts[kind]), kind))
		}
		return list, nil
	}}
}

// Counter is what Notifications needs of catalog.Store.
type Counter interface {
	CountNotifications(ctx context.Context) (map[string]map[catalog.NotificationState]int, error)
}

// Notifications reads the messages of the targets, which bound the label.
func Notifications(store Counter, targets []string) Source {
	desc := notifications.desc()
	return Source{"notifications", func(ctx context.Context) (list []prometheus.Metric, err error) {
		counts, err := store.CountNotifications(ctx)
		if err != nil {
			return nil, err
		}
		for _, target := range targets {
			for _, state := range catalog.NotificationStates() {
				list = append(list, constant(desc, float64(counts[target][state]), target, string(state)))
			}
		}
		return list, nil
	}}
}
