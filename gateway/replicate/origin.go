package replicate

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/hashicorp/raft"
)

// serversKey holds, in the store of term and vote, the last configuration that was seen in force here, JSON. It tells at
// open whose history the log is, without reading it.
var serversKey = []byte("Servers")

// recall reads whose history lies here; nil when there is none.
func (n *Node) recall() ([]raft.Server, error) {
	raw, err := n.logs.Get(serversKey)
	if errors.Is(err, errNoValue) {
		return n.scan()
	}
	if err != nil {
		return nil, err
	}
	var servers []raft.Server
	if err := json.Unmarshal(raw, &servers); err != nil {
		return nil, fmt.Errorf("%w: members of the raft log: %w", ErrDamaged, err)
	}
	return servers, nil
}

// scan looks for the last configuration in a log that an older build wrote. What is in its snapshot alone is not looked for:
// such a build knew one list of members, for ever.
func (n *Node) scan() (servers []raft.Server, err error) {
	for i := n.journal.First(); i != 0 && i <= n.journal.Last(); i++ {
		var e raft.Log
		if err := n.logs.GetLog(i, &e); err != nil {
			return nil, err
		}
		if e.Type != raft.LogConfiguration {
			continue
		}
		err := guarded("read raft configuration", func() error {
			servers = raft.DecodeConfiguration(e.Data).Servers
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return servers, nil
}

// remember keeps the configuration in force.
func (n *Node) remember() {
	servers := n.servers()
	if len(servers) == 0 || reflect.DeepEqual(servers, n.origin) {
		return
	}
	raw, err := json.Marshal(servers)
	if err == nil {
		err = n.logs.Set(serversKey, raw)
	}
	if err != nil {
		n.o.Log.Error("members not kept", slog.Any("error", err))
		return
	}
	n.origin = servers
}

// Marks in the store of term and vote. They go with the history they speak of.
var (
	newcomerKey  = []byte("Newcomer")  // began with an empty disk in a cluster that exists, and was not taken in since
	departedKey  = []byte("Departed")  // was taken out of the cluster, and knows
	recoveredKey = []byte("Recovered") // was made a cluster by hand, whatever lists say
)

func (n *Node) marked(key []byte) bool {
	flag, err := n.logs.GetUint64(key)
	return err == nil && flag == 1
}

// ours reports whether the history that lies here is that of the cluster this gateway belongs to. It is not when it was
// taken out, when it joins others than those it was with, and when it was alone and founds a cluster with others.
func (n *Node) ours(servers []raft.Server) bool {
	switch {
	case len(servers) == 0, n.marked(recoveredKey):
		return true
	case n.marked(departedKey):
		return false
	case n.o.Join:
		return n.meets(servers)
	}
	return len(servers) > 1 || len(n.members) == 1
}

// meets reports whether one of those it is to be with is among servers.
func (n *Node) meets(servers []raft.Server) bool {
	fellows := slices.Concat(n.members, n.o.Desired.Voters, n.o.Desired.NonVoters)
	return slices.ContainsFunc(fellows, func(m Member) bool { return m.ID != n.o.ID && isServer(servers, m.ID) })
}

// Depart notes that this gateway was taken out of the cluster: what lies here is set aside at the next Open.
func (n *Node) Depart() error {
	if err := n.logs.SetUint64(departedKey, 1); err != nil {
		return fmt.Errorf("leave the cluster: %w", err)
	}
	return nil
}

// leave puts the history of another cluster aside, whole. Records that it alone held are still in there.
func (n *Node) leave() error {
	name := "left-" + n.o.Now().UTC().Format("20060102T150405.000")
	n.o.Log.Warn("raft log and replica of another cluster set aside", slog.String("kept", name))
	if err := os.Mkdir(filepath.Join(n.o.Dir, name), 0o700); err != nil {
		return fmt.Errorf("leave former cluster: %w", err)
	}
	for _, part := range []string{currentDir, incomingDir, outgoingDir, logDir} { // the log last: by it the rest is known
		err := os.Rename(filepath.Join(n.o.Dir, part), filepath.Join(n.o.Dir, name, part))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("leave former cluster: %w", err)
		}
	}
	return nil
}

// found makes the first entry of a founder, or has a gateway without history wait until it is taken in.
func (n *Node) found(c *raft.Config, store raft.SnapshotStore) error {
	old, err := raft.HasExistingState(n.logs, n.logs, store)
	if err != nil {
		return err
	}
	if old {
		n.newcomer.Store(n.marked(newcomerKey))
		return nil
	}
	if n.o.Join {
		n.newcomer.Store(true)
		return n.logs.SetUint64(newcomerKey, 1)
	}
	return raft.BootstrapCluster(c, n.logs, n.logs, store, n.network, n.members.configuration())
}
