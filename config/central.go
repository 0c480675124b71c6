package config

import (
	"path/filepath"
	"time"
)

// Central is the configuration of the university's service.
type Central struct {
	Data string `yaml:"data"` // directory of authority and keys, and of the database if it is nowhere else

	Database             string `yaml:"database"`               // path of a SQLite file or URL of PostgreSQL; rollcall.db in data if empty
	DatabasePasswordFile string `yaml:"database_password_file"` // of mode 0600; none if the server knows the user otherwise

	Listen         string   `yaml:"listen"`          // pages and API; plain HTTP, so loopback only unless behind_proxy
	BehindProxy    bool     `yaml:"behind_proxy"`    // a proxy on this host terminates TLS
	GatewayListen  string   `yaml:"gateway_listen"`  // gateways, mutual TLS
	GatewayNames   []string `yaml:"gateway_names"`   // host names and addresses in the certificate of that listener
	PublishAhead   Duration `yaml:"publish_ahead"`   // how far ahead gateways know the timetable
	InvitationLife Duration `yaml:"invitation_life"` // how long an invitation may be used

	Certificates Certificates `yaml:"certificates"`
}

// Certificates is how the campus authority certifies gateways.
type Certificates struct {
	// Lifetime is from issue to end; a gateway renews at about two thirds. It must outlive the longest outage of central
	// through which gateways are to replicate: an expired certificate may only ask for another.
	Lifetime Duration `yaml:"lifetime"`
}

// The bounds of a certificate's lifetime: a shorter one could not be renewed in time, a longer one would outlive its purpose.
const (
	shortestLifetime = time.Minute
	longestLifetime  = 365 * 24 * time.Hour
)

func defaultCentral() *Central {
	return &Central{
		Data:           "/var/lib/rollcall-central",
		Listen:         "127.0.0.1:8080",
		GatewayListen:  ":8443",
		PublishAhead:   Duration(14 * 24 * time.Hour),
		InvitationLife: Duration(time.Hour),
		Certificates:   Certificates{Lifetime: Duration(30 * 24 * time.Hour)},
	}
}

func (s *Central) validate(c *checker) {
	if !filepath.IsAbs(s.Data) {
		c.fault("data", "%q is not an absolute directory", s.Data)
	}
	s.validateDatabase(c)
	c.address("listen", s.Listen)
	c.address("gateway_listen", s.GatewayListen)
	if len(s.GatewayNames) == 0 {
		c.fault("gateway_names", "no name; list the host names by which gateways reach this service")
	}
	if s.PublishAhead.Std() < 24*time.Hour {
		c.fault("publish_ahead", "%v is less than a day; an outage would leave gateways without a timetable", s.PublishAhead.Std())
	}
	if s.InvitationLife == 0 {
		c.fault("invitation_life", "0 would make every invitation expired")
	}
	if d := s.Certificates.Lifetime.Std(); d < shortestLifetime || d > longestLifetime {
		c.fault("certificates.lifetime", "%v is not between %v and %v", d, shortestLifetime, longestLifetime)
	}
}
