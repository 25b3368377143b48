package storagegateway_test

import (
	"testing"

	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	holdfast "holdfast/driver/storagegateway"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(holdfast.New))
}
