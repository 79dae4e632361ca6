//! The messages of `plugin.ConfigManagementPluginService` (chapter 80 §3). They are few and settled, so they
//! are written here and nothing is generated when building.

use std::collections::HashMap;

use bytes::Bytes;

/// Where the service's methods are found.
pub const SERVICE: &str = "plugin.ConfigManagementPluginService";

/// `google.protobuf.Empty`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Empty {}

/// One message of a stream: first metadata, then the archive in chunks.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AppStreamRequest {
    /// What it carries.
    #[prost(oneof = "Part", tags = "1, 2")]
    pub request: Option<Part>,
}

/// What a message of a stream carries.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Part {
    /// The first message.
    #[prost(message, tag = "1")]
    Metadata(Metadata),
    /// All others.
    #[prost(message, tag = "2")]
    File(File),
}

/// `ManifestRequestMetadata`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Metadata {
    /// The base name of the application's path. Not the Application's name.
    #[prost(string, tag = "1")]
    pub app_name: String,
    /// The application's directory, relative to the archive's root; `.` for the root.
    #[prost(string, tag = "2")]
    pub app_rel_path: String,
    /// SHA-256 of the archive as it is sent, in lower-case hexadecimal.
    #[prost(string, tag = "3")]
    pub checksum: String,
    /// The archive's length in bytes.
    #[prost(int64, tag = "4")]
    pub size: i64,
    /// The build environment, `plugin.env` and parameters.
    #[prost(message, repeated, tag = "5")]
    pub env: Vec<EnvEntry>,
}

/// One variable.
#[derive(Clone, PartialEq, prost::Message)]
pub struct EnvEntry {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A piece of the archive.
#[derive(Clone, PartialEq, prost::Message)]
pub struct File {
    /// The bytes.
    #[prost(bytes = "bytes", tag = "1")]
    pub chunk: Bytes,
}

/// The render.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ManifestResponse {
    /// One object each, as JSON.
    #[prost(string, repeated, tag = "1")]
    pub manifests: Vec<String>,
    /// Ignored by Argo CD.
    #[prost(string, tag = "2")]
    pub source_type: String,
}

/// Whether a repository is one for this plugin.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct RepositoryResponse {
    /// Whether it is.
    #[prost(bool, tag = "1")]
    pub is_supported: bool,
    /// Whether the plugin discovers at all.
    #[prost(bool, tag = "2")]
    pub is_discovery_enabled: bool,
}

/// How the plugin is set up.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CheckPluginConfigurationResponse {
    /// Whether the plugin discovers repositories.
    #[prost(bool, tag = "1")]
    pub is_discovery_configured: bool,
    /// Whether it wants git credentials.
    #[prost(bool, tag = "2")]
    pub provide_git_creds: bool,
}

/// The parameters that Argo CD's UI shows.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ParametersAnnouncementResponse {
    /// The parameters.
    #[prost(message, repeated, tag = "1")]
    pub parameter_announcements: Vec<ParameterAnnouncement>,
}

/// One parameter.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ParameterAnnouncement {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its title.
    #[prost(string, tag = "2")]
    pub title: String,
    /// What it means.
    #[prost(string, tag = "3")]
    pub tooltip: String,
    /// Whether it must be given.
    #[prost(bool, tag = "4")]
    pub required: bool,
    /// The type of its items.
    #[prost(string, tag = "5")]
    pub item_type: String,
    /// `string`, `array` or `map`.
    #[prost(string, tag = "6")]
    pub collection_type: String,
    /// Its value as a string.
    #[prost(string, tag = "7")]
    pub string: String,
    /// Its value as an array.
    #[prost(string, repeated, tag = "8")]
    pub array: Vec<String>,
    /// Its value as a map.
    #[prost(map = "string, string", tag = "9")]
    pub map: HashMap<String, String>,
}
