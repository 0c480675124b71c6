package system

import (
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/rollcall-edge/rollcall/central/contract"
)

var link = regexp.MustCompile(`<a[^>]* href="([^"]*)"`)

// linkTo is the first link of a page whose path is exactly path, with its query; "" if there is none.
func linkTo(page, path string) string {
	for _, m := range link.FindAllStringSubmatch(page, -1) {
		target := html.UnescapeString(m[1])
		if before, _, _ := strings.Cut(target, "?"); before == path {
			return target
		}
	}
	return ""
}

var octetsLine = regexp.MustCompile(`<dt>Octets</dt><dd[^>]*>([0-9a-f]+)</dd>`)

// recordOn decodes the record that the page of a tap shows octet for octet.
func recordOn(page string) ([]byte, contract.Record, error) {
	m := octetsLine.FindStringSubmatch(page)
	if m == nil {
		return nil, contract.Record{}, errors.New("the page shows no octets")
	}
	octets, err := hex.DecodeString(m[1])
	if err != nil {
		return nil, contract.Record{}, fmt.Errorf("octets on the page: %w", err)
	}
	r, err := contract.DecodeRecord(octets)
	if err != nil {
		return nil, contract.Record{}, fmt.Errorf("record on the page: %w", err)
	}
	return octets, r, nil
}
