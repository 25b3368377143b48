package testkit

import (
	"testing"

	"holdfast/internal/localserver"
)

// MotoServer is a running moto_server, an AWS emulator that has its own idea of AWS and is
// therefore an independent check of ours.
type MotoServer struct {
	*localserver.Moto
	tb testing.TB
}

// Moto starts a moto_server with no resources in it and stops it at the end of the test.
func Moto(tb testing.TB) *MotoServer {
	tb.Helper()
	Integration(tb)
	server, err := localserver.StartMoto(tb.TempDir())
	if err != nil {
		tb.Fatalf("%v", err)
	}
	printLogOnFailure(tb, "moto_server", server.Log)
	tb.Cleanup(server.Kill)
	return &MotoServer{Moto: server, tb: tb}
}

// Reset removes every resource of every account.
func (m *MotoServer) Reset() {
	m.tb.Helper()
	if err := m.Moto.Reset(); err != nil {
		m.tb.Fatalf("reset moto: %v", err)
	}
}
