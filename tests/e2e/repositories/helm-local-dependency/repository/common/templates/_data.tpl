{{- define "common.data" -}}
from: {{ .Chart.Name }}
{{- end }}
