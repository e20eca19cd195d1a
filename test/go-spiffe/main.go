// Reads and verifies our certificates with go-spiffe, the library of the SPIFFE project.
//
// Usage: go run . <folder>; write-material.ts makes the folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run . <folder>")
		os.Exit(2)
	}
	folders, err := filepath.Glob(filepath.Join(os.Args[1], "*"))
	if err != nil || len(folders) == 0 {
		fmt.Fprintln(os.Stderr, "nothing to verify in", os.Args[1])
		os.Exit(2)
	}
	failed := false
	for _, folder := range folders {
		if err := check(folder); err != nil {
			failed = true
			fmt.Println("FAIL", filepath.Base(folder), err)
		} else {
			fmt.Println("ok  ", filepath.Base(folder))
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check verifies chain.pem and key.pem under roots.pem of a folder. What the file "expect" holds is the SPIFFE ID, or
// "refused:" and a part of the reason.
func check(folder string) error {
	want := strings.TrimSpace(string(read(folder, "expect")))
	id, err := verify(folder)
	if reason, isRefused := strings.CutPrefix(want, "refused:"); isRefused {
		if err == nil {
			return fmt.Errorf("taken as %s, though it should be refused: %s", id, reason)
		}
		if !strings.Contains(err.Error(), reason) {
			return fmt.Errorf("refused for another reason: %w", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if id.String() != want {
		return fmt.Errorf("%s instead of %s", id, want)
	}
	return nil
}

func verify(folder string) (spiffeid.ID, error) {
	domain, err := spiffeid.TrustDomainFromString("mesh.example")
	if err != nil {
		return spiffeid.ID{}, err
	}
	bundle, err := x509bundle.Parse(domain, read(folder, "roots.pem"))
	if err != nil {
		return spiffeid.ID{}, err
	}
	svid, err := x509svid.Parse(read(folder, "chain.pem"), read(folder, "key.pem"))
	if err != nil {
		return spiffeid.ID{}, err
	}
	id, _, err := x509svid.Verify(svid.Certificates, bundle)
	return id, err
}

func read(folder, name string) []byte {
	bytes, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return bytes
}
