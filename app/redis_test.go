package app

import (
	"context"
	"testing"
	"time"

	"holdfast/config"
)

func TestKeysOfTheEmbeddedRedisExpire(t *testing.T) {
	t.Parallel()
	client, stop, err := openEmbeddedRedis(&config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := client.Set(ctx, "short", "x", 50*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(ctx, "long", "x", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	for client.Exists(ctx, "short").Val() == 1 {
		if ctx.Err() != nil {
			t.Fatal("a key that lives 50 ms is there after a minute")
		}
	}
	if n, err := client.Exists(ctx, "long").Result(); n != 1 || err != nil {
		t.Errorf("the key that lives an hour: %d, %v", n, err)
	}
}
