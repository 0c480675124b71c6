package config

import (
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
)

// Gateway is the configuration of one building's gateway. Its name and building are not here: they are in its certificate.
type Gateway struct {
	Data      string    `yaml:"data"`      // directory of journal, replica, certificates and timetable
	Storage   Storage   `yaml:"storage"`   // encryption of what is stored
	Journal   Journal   `yaml:"journal"`   // a second copy of the taps
	Central   Uplink    `yaml:"central"`   // where taps go
	Status    Status    `yaml:"status"`    // page, health and metrics
	Cluster   Cluster   `yaml:"cluster"`   // gateways that replicate one another's taps; empty: a cluster of one
	Buses     []Bus     `yaml:"buses"`     // serial lines with their readers
	Bluetooth Bluetooth `yaml:"bluetooth"` // beacons
}

// Storage says how the data directory is protected.
type Storage struct {
	KeyFile string `yaml:"key_file"` // 32 random bytes outside the data directory; empty: nothing is encrypted
}

// Journal says where taps are kept besides the data directory.
type Journal struct {
	Mirror string `yaml:"mirror"` // directory on another disk, such as a USB stick, that is there already; empty: none
}

// Uplink is the way to central.
type Uplink struct {
	URL string `yaml:"url"` // of central's gateway listener, https
}

// Status is the gateway's own page. It is public inside the network it listens on and shows no personal data.
type Status struct {
	Listen string `yaml:"listen"`
}

// Cluster names those who begin a cluster, this gateway among them, the same on each. What central says of clusters goes
// before it.
type Cluster struct {
	Listen  string   `yaml:"listen"`  // address of this gateway's cluster port; empty: the port that central names
	Members []Member `yaml:"members"` // 1, 3 or 5; with join as many as there are
	Join    bool     `yaml:"join"`    // the cluster exists: with an empty disk wait until it takes this gateway in
}

// Member is one gateway of the cluster.
type Member struct {
	Gateway string `yaml:"gateway"` // name in its certificate
	Address string `yaml:"address"` // host:port where the others reach it
}

// Bluetooth is the radio that hears beacons. Without one the gateway says so and goes on.
type Bluetooth struct {
	Enabled bool     `yaml:"enabled"`
	Device  int      `yaml:"device"` // number of the adapter: 0 for hci0
	Socket  string   `yaml:"socket"` // set when the scanner runs as a service of its own
	Beacons []Beacon `yaml:"beacons"`
}

// Beacon is one that should be heard.
type Beacon struct {
	ID   string `yaml:"id"` // ibeacon:<uuid>:<major>:<minor>, eddystone:<namespace>:<instance>
	Name string `yaml:"name"`
	Room string `yaml:"room"`
}

func defaultGateway() *Gateway {
	return &Gateway{
		Data:   "/var/lib/rollcall",
		Status: Status{Listen: "127.0.0.1:9101"},
	}
}

var memberName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

func (g *Gateway) validate(c *checker) {
	if !filepath.IsAbs(g.Data) {
		c.fault("data", "%q is not an absolute directory", g.Data)
	}
	g.outside(c, "storage.key_file", g.Storage.KeyFile)
	g.outside(c, "journal.mirror", g.Journal.Mirror)
	if u, err := url.Parse(g.Central.URL); err != nil || u.Scheme != "https" || u.Host == "" {
		c.fault("central.url", "%q is not an https address; write for example https://rollcall.example.ac.uk:8443", g.Central.URL)
	}
	c.address("status.listen", g.Status.Listen)
	g.Cluster.validate(c)
	g.validateBuses(c)
	if g.Bluetooth.Device < 0 || g.Bluetooth.Device > 15 {
		c.fault("bluetooth.device", "%d is not the number of an adapter; hci0 is 0", g.Bluetooth.Device)
	}
}

// outside reports a path that is of no use within the data directory: it would be lost, or stolen, with it.
func (g *Gateway) outside(c *checker, path, name string) {
	if name == "" {
		return
	}
	within, err := filepath.Rel(g.Data, name)
	switch {
	case !filepath.IsAbs(name):
		c.fault(path, "%q is not an absolute path", name)
	case err == nil && filepath.IsLocal(within):
		c.fault(path, "%q lies in the data directory %s, with which it would be lost; put it on another medium", name, g.Data)
	}
}

func (k Cluster) validate(c *checker) {
	if len(k.Members) == 0 {
		if k.Listen != "" {
			c.address("cluster.listen", k.Listen)
		}
		return
	}
	c.address("cluster.listen", k.Listen)
	if !k.Join && !slices.Contains([]int{1, 3, 5}, len(k.Members)) {
		c.fault("cluster.members", "%d members; a cluster has 1, 3 or 5, so that a majority is clear; to come into one that exists, set join", len(k.Members))
	}
	seen := map[string]bool{}
	for i, m := range k.Members {
		path := index("cluster.members", i)
		if !memberName.MatchString(m.Gateway) {
			c.fault(path+".gateway", "%q is not a gateway's name: 1 to 32 of a-z, 0-9 and hyphens inside", m.Gateway)
		}
		if seen[m.Gateway] {
			c.fault(path+".gateway", "%q is a member already", m.Gateway)
		}
		seen[m.Gateway] = true
		c.address(path+".address", m.Address)
	}
}

func (g *Gateway) validateBuses(c *checker) {
	names, devices, points := map[string]string{}, map[string]string{}, map[string]string{}
	for i, b := range g.Buses {
		path := index("buses", i)
		c.unique(names, path+".name", b.Name)
		c.unique(devices, path+".device", b.Device)
		b.validate(c, path)
		for k, r := range b.Readers {
			c.unique(points, index(path+".readers", k)+".point", r.Point)
		}
	}
}

func (c *checker) address(path, address string) {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		c.fault(path, "%q is not an address; write host:port, for example 127.0.0.1:9101", address)
	}
}
