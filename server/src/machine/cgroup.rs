//! The limits of the control groups (versions 1 and 2) that hold this process.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// A number that is limited, and how much of it is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) max: u64,
    pub(super) used: u64,
}

impl Quota {
    /// How many more it allows.
    pub(super) fn free(&self) -> u64 {
        self.max.saturating_sub(self.used)
    }
}

/// The tightest limit on processes and threads.
pub(super) fn pids() -> Option<Quota> {
    let quota = |folder: &PathBuf| {
        Some(Quota { max: number(folder, "pids.max")?, used: number(folder, "pids.current")? })
    };
    folders("pids").iter().filter_map(quota).min_by_key(Quota::free)
}

/// The memory that the tightest of the groups still allows, counting as free the files
/// in its cache that are not in use.
pub(super) fn memory_available_bytes() -> Option<u64> {
    let available = |folder: &PathBuf| {
        let max =
            number(folder, "memory.max").or_else(|| number(folder, "memory.limit_in_bytes"))?;
        let used =
            number(folder, "memory.current").or_else(|| number(folder, "memory.usage_in_bytes"))?;
        let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let idle_files =
            field(&stat, "total_inactive_file").or_else(|| field(&stat, "inactive_file"));
        Some(Quota { max, used: used.saturating_sub(idle_files.unwrap_or(0)) }.free())
    };
    folders("memory").iter().filter_map(available).min()
}

/// How much memory the tightest of the groups allows in all.
pub(super) fn memory_max_bytes() -> Option<u64> {
    let max = |folder: &PathBuf| {
        number(folder, "memory.max").or_else(|| number(folder, "memory.limit_in_bytes"))
    };
    folders("memory").iter().filter_map(max).min()
}

/// The number in a file; `None` where there is no such file or it says `max`.
fn number(folder: &Path, file: &str) -> Option<u64> {
    fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok()
}

/// The number after `name` in lines of `name number`.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

fn folders(controller: &str) -> Vec<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    folders_of(controller, &groups, &mounts)
}

/// The folders of the groups that hold this process, from its own up to the topmost
/// that is mounted here, by the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn folders_of(controller: &str, groups: &str, mounts: &str) -> Vec<PathBuf> {
    groups
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, group) = rest.split_once(':')?;
            let second_version = controllers.is_empty();
            if !second_version && !controllers.split(',').any(|name| name == controller) {
                return None;
            }
            let (root, point) = mounts.lines().find_map(|line| {
                let mount = Mount::parse(line)?;
                let wanted = if second_version {
                    mount.kind == "cgroup2"
                } else {
                    mount.kind == "cgroup" && mount.options.split(',').any(|o| o == controller)
                };
                wanted.then_some((mount.root, mount.point))
            })?;
            // Seen from within a container, the group may lie outside of what is mounted:
            // then the mounted part is all there is to see.
            let below = Path::new(group).strip_prefix(root).ok().filter(|below| is_below(below));
            let below = below.unwrap_or(Path::new("")).components();
            let own: PathBuf = Path::new(point).components().chain(below).collect();
            let up = own.ancestors().take_while(|folder| folder.starts_with(point));
            Some(up.map(Path::to_path_buf).collect::<Vec<_>>())
        })
        .flatten()
        .collect()
}

/// Whether a relative path leads down only.
fn is_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// What is of interest in a line of `/proc/self/mountinfo` (`man 5 proc_pid_mountinfo`).
struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let mut filesystem = filesystem.split(' ');
        Some(Self {
            root: mount.next()?,
            point: mount.next()?,
            kind: filesystem.next()?,
            options: filesystem.nth(1)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOUNTS: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
";

    fn shown(folders: &[PathBuf]) -> Vec<&str> {
        folders.iter().map(|folder| folder.to_str().unwrap()).collect()
    }

    #[test]
    fn version_1_has_a_tree_per_controller() {
        let groups = "8:pids:/user/me\n4:memory:/\n0::/\n";
        assert_eq!(
            shown(&folders_of("pids", groups, MOUNTS)),
            ["/sys/fs/cgroup/pids/user/me", "/sys/fs/cgroup/pids/user", "/sys/fs/cgroup/pids"]
        );
        assert_eq!(shown(&folders_of("memory", groups, MOUNTS)), ["/sys/fs/cgroup/memory"]);
    }

    #[test]
    fn version_2_has_one_tree() {
        let mounts = "26 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(
            shown(&folders_of("pids", "0::/app.slice\n", mounts)),
            ["/sys/fs/cgroup/app.slice", "/sys/fs/cgroup"]
        );
    }

    #[test]
    fn a_container_sees_only_what_is_mounted_in_it() {
        let mounts = "26 23 0:23 /docker/a1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        assert_eq!(
            shown(&folders_of("pids", "0::/docker/a1/sub\n", mounts)),
            ["/sys/fs/cgroup/sub", "/sys/fs/cgroup"]
        );
        assert_eq!(shown(&folders_of("pids", "0::/../b\n", mounts)), ["/sys/fs/cgroup"]);
        let mounts = "26 23 0:23 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        assert_eq!(shown(&folders_of("pids", "0::/../b\n", mounts)), ["/sys/fs/cgroup"]);
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let stat = "inactive_file 5\ntotal_inactive_file 7\n";
        assert_eq!(field(stat, "inactive_file"), Some(5));
        assert_eq!(field(stat, "total_inactive_file"), Some(7));
        assert_eq!(field(stat, "inactive"), None);
    }

    proptest! {
        #[test]
        fn garbage_names_no_folders(groups in "[0-9:/a-z\n ]{0,80}", mounts in "[ -z\n]{0,200}") {
            prop_assert!(folders_of("pids", &groups, &mounts).is_empty());
        }
    }
}
