// plugin-call makes the call GenerateManifest at a plugin's socket, with Argo CD's own client and sender: what
// argocd-repo-server does once the checkout is there, and nothing else of it.
//
// It prints one line of JSON: how many objects came, and how long the fastest and the median call took, from the
// packing of the checkout to the last byte of the answer. The exit status is 1 when a call fails.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/cmp"
)

func main() {
	socket := flag.String("socket", "", "the plugin's socket")
	root := flag.String("root", "", "the checkout, which is sent")
	path := flag.String("path", ".", "the application's directory in it")
	repeat := flag.Int("repeat", 15, "how often the call is made")
	flag.Parse()
	if err := run(*socket, *root, *path, *repeat); err != nil {
		fmt.Fprintln(os.Stderr, "plugin-call:", err)
		os.Exit(1)
	}
}

func run(socket, root, path string, repeat int) error {
	closer, client, err := apiclient.NewConfigManagementPluginClientSet(socket).NewConfigManagementPluginClient()
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()

	objects := 0
	times := make([]float64, max(repeat, 1))
	for i := range times {
		start := time.Now()
		reply, err := generate(client, root, path)
		if err != nil {
			return err
		}
		times[i] = float64(time.Since(start).Microseconds()) / 1000
		objects = len(reply.Manifests)
	}
	slices.Sort(times)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"objects": objects, "fastest": times[0], "median": times[len(times)/2],
	})
}

func generate(client apiclient.ConfigManagementPluginServiceClient, root, path string) (*apiclient.ManifestResponse, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stream, err := client.GenerateManifest(ctx)
	if err != nil {
		return nil, err
	}
	env := []string{
		"ARGOCD_APP_NAME=app", "ARGOCD_APP_NAMESPACE=shop", "ARGOCD_APP_PROJECT_NAME=default",
		"ARGOCD_APP_REVISION=0000000000000000000000000000000000000000", "ARGOCD_APP_SOURCE_PATH=" + path,
	}
	if err := cmp.SendRepoStream(stream.Context(), filepath.Join(root, path), root, stream, env, nil); err != nil {
		return nil, err
	}
	return stream.CloseAndRecv()
}
