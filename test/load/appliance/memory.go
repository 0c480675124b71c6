package appliance

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory is what the kernel says of the gateway's memory, in octets (proc_pid_status(5)).
type Memory struct {
	Resident  int64 // VmRSS
	Anonymous int64 // RssAnon: the part that is not mapped from files, which the kernel cannot drop
	Peak      int64 // VmHWM: the most Resident has been
}

// Memory reads it now.
func (g *Gateway) Memory() (Memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.process.PID()))
	if err != nil {
		return Memory{}, fmt.Errorf("read memory of the gateway: %w", err)
	}
	return parseMemory(string(text))
}

func parseMemory(status string) (Memory, error) {
	var m Memory
	fields := map[string]*int64{"VmRSS": &m.Resident, "RssAnon": &m.Anonymous, "VmHWM": &m.Peak}
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		into, ok := fields[name]
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return Memory{}, fmt.Errorf("read memory of the gateway: %s: %w", name, err)
		}
		*into = kib << 10
		delete(fields, name)
	}
	if len(fields) > 0 {
		return Memory{}, fmt.Errorf("read memory of the gateway: %d of three figures are missing", len(fields))
	}
	return m, nil
}
