package reader_test

import (
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
)

func TestKindNames(t *testing.T) {
	tests := []struct {
		kind reader.Kind
		want string
	}{
		{reader.Placed, "placed"}, {reader.Sent, "sent"}, {reader.Taken, "taken"}, {reader.Lost, "lost"},
		{reader.Shown, "shown"}, {reader.Steadied, "steadied"}, {reader.Beeped, "beeped"},
		{reader.Restarted, "restarted"}, {reader.Offline, "offline"}, {reader.Left, "left"},
		{reader.Secured, "secured"}, {reader.Unsecured, "unsecured"}, {reader.Keyed, "keyed"},
		{0, "unknown"}, {99, "unknown"},
	}
	for _, tt := range tests {
		if got := tt.kind.String(); got != tt.want {
			t.Errorf("Kind(%d) = %q, want %q", tt.kind, got, tt.want)
		}
	}
}
