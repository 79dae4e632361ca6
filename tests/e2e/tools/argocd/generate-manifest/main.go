// generate-manifest asks a running argocd-repo-server for manifests, with Argo CD's own client: what the
// application controller does, without the controller.
//
// One request is one line of JSON on standard input; one answer is one line of JSON on standard output, in
// the order of the requests. See request and answer. The exit status is 1 when a request could not be read
// or the server not reached; a render that fails is an answer with "error".
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"google.golang.org/grpc/status"
)

// request names one render. Only source.repoURL is required.
type request struct {
	// Source is an Application's spec.source: repoURL, path, targetRevision, helm, kustomize, directory, plugin, chart.
	Source v1alpha1.ApplicationSource `json:"source"`
	// AppName is the Application's name; "app" when absent.
	AppName string `json:"appName"`
	// Project is the Application's project; "default" when absent.
	Project string `json:"project"`
	// Namespace is the destination's namespace.
	Namespace string `json:"namespace"`
	// KubeVersion and APIVersions are those of the destination cluster.
	KubeVersion string   `json:"kubeVersion"`
	APIVersions []string `json:"apiVersions"`
	// Tracking is the tracking method; absent: the server's default. With an empty label key objects stay as rendered.
	Tracking    string `json:"tracking"`
	AppLabelKey string `json:"appLabelKey"`
	// ManifestGeneratePaths is the annotation argocd.argoproj.io/manifest-generate-paths.
	ManifestGeneratePaths string `json:"manifestGeneratePaths"`
	// Cached lets the server answer from its cache, and remember.
	Cached bool `json:"cached"`
}

// answer is one render's result.
type answer struct {
	Manifests    []json.RawMessage `json:"manifests,omitempty"`
	Revision     string            `json:"revision,omitempty"`
	SourceType   string            `json:"sourceType,omitempty"`
	Error        string            `json:"error,omitempty"`
	Code         string            `json:"code,omitempty"`
	Milliseconds float64           `json:"milliseconds"`
}

func main() {
	server := flag.String("server", "", "address of argocd-repo-server, host:port")
	parallel := flag.Int("parallel", 1, "requests under way at once")
	repeat := flag.Int("repeat", 1, "how often each request is made; the answer is the fastest one's")
	timeout := flag.Int("timeout", 60, "seconds a request may take, as --repo-server-timeout-seconds of the controller")
	quiet := flag.Bool("quiet", false, "leave manifests out of the answers")
	flag.Parse()
	if err := run(*server, *parallel, *repeat, *timeout, *quiet); err != nil {
		fmt.Fprintln(os.Stderr, "generate-manifest:", err)
		os.Exit(1)
	}
}

func run(server string, parallel, repeat, timeout int, quiet bool) error {
	if server == "" {
		return fmt.Errorf("--server is required")
	}
	requests, err := read()
	if err != nil {
		return err
	}
	closer, client, err := unverified(apiclient.NewRepoServerClientset, server, timeout).NewRepoServerClient()
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()

	answers := make([]answer, len(requests))
	slots := make(chan struct{}, max(parallel, 1))
	var group sync.WaitGroup
	for i, r := range requests {
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer group.Done()
			defer func() { <-slots }()
			answers[i] = fastest(client, r, repeat)
		}()
	}
	group.Wait()

	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, a := range answers {
		if quiet {
			a.Manifests = nil
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// unverified is a client of a server with whatever certificate: T, which has another name in other releases of Argo CD,
// at its zero value.
func unverified[T any](clientset func(string, int, T) apiclient.Clientset, server string, timeout int) apiclient.Clientset {
	var tls T
	return clientset(server, timeout, tls)
}

func read() ([]request, error) {
	var requests []request
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		r := request{AppName: "app", Project: "default"}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("request %d: %w", len(requests)+1, err)
		}
		requests = append(requests, r)
	}
	return requests, lines.Err()
}

func fastest(client apiclient.RepoServerServiceClient, r request, repeat int) answer {
	best := generate(client, r)
	for i := 1; i < repeat; i++ {
		if next := generate(client, r); next.Milliseconds < best.Milliseconds {
			best = next
		}
	}
	return best
}

func generate(client apiclient.RepoServerServiceClient, r request) answer {
	source := r.Source
	start := time.Now()
	reply, err := client.GenerateManifest(context.Background(), &apiclient.ManifestRequest{
		Repo:                            &v1alpha1.Repository{Repo: source.RepoURL},
		Revision:                        source.TargetRevision,
		NoCache:                         !r.Cached,
		AppName:                         r.AppName,
		AppLabelKey:                     r.AppLabelKey,
		TrackingMethod:                  r.Tracking,
		Namespace:                       r.Namespace,
		ApplicationSource:               &source,
		KubeVersion:                     r.KubeVersion,
		ApiVersions:                     r.APIVersions,
		ProjectName:                     r.Project,
		ProjectSourceRepos:              []string{"*"},
		AnnotationManifestGeneratePaths: r.ManifestGeneratePaths,
	})
	result := answer{Milliseconds: float64(time.Since(start).Microseconds()) / 1000}
	if err != nil {
		result.Error = status.Convert(err).Message()
		result.Code = status.Code(err).String()
		return result
	}
	result.Revision, result.SourceType = reply.Revision, reply.SourceType
	for _, manifest := range reply.Manifests {
		result.Manifests = append(result.Manifests, json.RawMessage(manifest))
	}
	return result
}
