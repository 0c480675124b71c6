package contract

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exampleReport is a report with every field set.
func exampleReport() Report {
	at := time.Date(2026, 11, 19, 10, 20, 0, 0, time.UTC)
	return Report{
		Version: ReportVersion, Build: "0.4.0", At: at, Quality: "synchronised", ClockTrouble: "central contradicts it", Timetable: 42,
		Streams:  []StreamState{{Stream: Stream{1, 2}, Durable: 90, Own: true}, {Stream: Stream{3}, Durable: 7}},
		Points:   []PointReport{{Point: "A-1/door", Up: true}, {Point: "A-2/door", Trouble: "no answer"}},
		Day:      "2026-11-18",
		Cosigned: [][]byte{{0xca, 0xfe}}, Certificate: &CertificateState{Authority: []byte{1}, NotAfter: at, Trusts: [][]byte{{1}}},
		Cluster: &ClusterState{
			Leader: "gw-a", Term: 4, Last: 1_000, Applied: 990, Follows: 12, Newcomer: true, Waits: "gw-b becomes a voter once it has kept up for a while",
			Members: []ClusterMember{{Gateway: "gw-a", Address: "10.1.0.11:7101", Voter: true}, {Gateway: "gw-b", Address: "10.1.0.12:7101"}},
		},
	}
}

// Reports of releases before they told of clusters, and of now, stay readable for ever.
func TestGoldenReports(t *testing.T) {
	before := exampleReport()
	before.Cluster = nil
	for name, want := range map[string]Report{"report-v1.json": before, "report-v1-cluster.json": exampleReport()} {
		var got Report
		if err := DecodeJSON(bytes.NewReader(golden(t, name, want)), MaxDirectoryBytes, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatAGatewaySaysOfItsClusterIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*ClusterState)
		want   string
	}{
		{"a leader that is no gateway's name", func(c *ClusterState) { c.Leader = "<b>" }, "leader"},
		{"a member that is none", func(c *ClusterState) { c.Members[1].Gateway = "" }, "members[1]"},
		{"an endless reason", func(c *ClusterState) { c.Waits = strings.Repeat("x", 513) }, "waits"},
		{"an endless address", func(c *ClusterState) { c.Members[0].Address = strings.Repeat("x", 513) }, "address"},
		{"endless members", func(c *ClusterState) { c.Members = make([]ClusterMember, 129) }, "129 members"},
	} {
		c := exampleReport().Cluster
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		tt.change(c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Validate = %v, want %q", tt.name, err, tt.want)
		}
	}
}
