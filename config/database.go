package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
)

// CheckDatabase says what is wrong with the place of a database: the absolute path of a SQLite file, or the URL of a
// PostgreSQL database without a secret in it. Names and marks cross a network only to a server that has proved its name.
func CheckDatabase(place string) error {
	if filepath.IsAbs(place) {
		return nil
	}
	u, err := url.Parse(place)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("want the absolute path of a SQLite file, or postgres://user@host/name?sslmode=verify-full")
	}
	if _, secret := u.User.Password(); secret {
		return errors.New("the password stands in the URL; write it into a file of mode 0600 and name that as the password file")
	}
	for _, key := range []string{"password", "sslpassword", "passfile"} {
		if u.Query().Has(key) {
			return fmt.Errorf("%s stands in the URL; write the password into a file of mode 0600 and name that as the password file", key)
		}
	}
	if strings.Trim(u.Path, "/") == "" {
		return errors.New("the URL names no database; write postgres://user@host/name")
	}
	if host, remote := remoteHost(u); remote && u.Query().Get("sslmode") != "verify-full" {
		return fmt.Errorf("%s is another machine; add sslmode=verify-full, and sslrootcert=FILE if its certificate is the university's own", host)
	}
	return nil
}

// remoteHost is the first host of the URL that is not this machine.
func remoteHost(u *url.URL) (string, bool) {
	hosts := strings.Split(u.Host, ",")
	if u.Query().Has("host") {
		hosts = append(hosts, strings.Split(u.Query().Get("host"), ",")...)
	}
	for _, host := range hosts {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.Trim(host, "[]")
		ip := net.ParseIP(host)
		if host == "" || host == "localhost" || strings.HasPrefix(host, "/") || ip != nil && ip.IsLoopback() {
			continue
		}
		return host, true
	}
	return "", false
}

func (s *Central) validateDatabase(c *checker) {
	if s.Database != "" {
		if err := CheckDatabase(s.Database); err != nil {
			c.fault("database", "%v", err)
		}
	}
	switch {
	case s.DatabasePasswordFile == "":
	case s.Database == "" || filepath.IsAbs(s.Database):
		c.fault("database_password_file", "a SQLite file has no password; remove this, or name a PostgreSQL database")
	case !filepath.IsAbs(s.DatabasePasswordFile):
		c.fault("database_password_file", "%q is not the absolute path of a file", s.DatabasePasswordFile)
	}
}
