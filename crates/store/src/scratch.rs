//! Throwaway databases, for tests and measurements on either engine.

use crate::{
    Engine, Error, Options, Result,
    postgres::{Connector, Session},
};

/// A database that is removed when it is dropped by [`Scratch::remove`]; on SQLite a file in the
/// system's folder for temporary files, on PostgreSQL a database of its own.
pub struct Scratch {
    database: String,
    name: String,
    server: Option<String>,
}

impl Scratch {
    /// Makes one. `server` is the address of a PostgreSQL where databases may be made, `None` is SQLite.
    /// `template` is copied, which is much faster than migrating again.
    pub async fn create(
        server: Option<&str>,
        name: &str,
        template: Option<&str>,
    ) -> Result<Scratch> {
        let Some(server) = server else {
            let path = std::env::temp_dir().join(format!("{name}.db"));
            if let Some(template) = template {
                let from = std::env::temp_dir().join(format!("{template}.db"));
                std::fs::copy(&from, &path).map_err(|e| Error::Unavailable(e.to_string()))?;
            }
            return Ok(Scratch {
                database: path.display().to_string(),
                name: name.into(),
                server: None,
            });
        };
        let session = administrator(server).await?;
        let from = match template {
            None => String::new(),
            Some(template) => format!(" TEMPLATE \"{template}\"{}", strategy(&session).await?),
        };
        session
            .batch(&format!("CREATE DATABASE \"{name}\"{from}"))
            .await?;
        Ok(Scratch {
            database: with_database(server, name),
            name: name.into(),
            server: Some(server.into()),
        })
    }

    /// Where it is, as [`Options::database`] wants it.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Which engine holds it.
    pub fn engine(&self) -> Engine {
        Options::new(&self.database).engine()
    }

    /// Runs text with no values on it, past every rule: how a test plants damage.
    pub async fn tamper(&self, sql: &str) -> Result<()> {
        match &self.server {
            Some(server) => {
                Connector::new(server)?
                    .with_database(&self.name)
                    .connect()
                    .await?
                    .batch(sql)
                    .await
            }
            None => {
                let connection = rusqlite::Connection::open(&self.database)?;
                connection.busy_timeout(std::time::Duration::from_secs(5))?;
                Ok(connection.execute_batch(sql)?)
            }
        }
    }

    /// Whether a database of this name is there already, such as a template that another process made.
    pub async fn exists(server: Option<&str>, name: &str) -> Result<bool> {
        let Some(server) = server else {
            return Ok(std::env::temp_dir().join(format!("{name}.db")).exists());
        };
        let session = Connector::new(server)?.connect().await?.patient();
        let sql = "SELECT datname FROM pg_database WHERE datname = $1";
        Ok(!session.query(sql, vec![&name]).await?.is_empty())
    }

    /// Gives it another name, under which it stays. Where that is taken by now, it is removed instead. Nobody may have
    /// it open.
    pub async fn keep_as(self, name: &str) -> Result<()> {
        let Some(server) = &self.server else {
            let path = std::env::temp_dir().join(format!("{name}.db"));
            let moved = std::fs::rename(&self.database, path);
            return moved.map_err(|e| Error::Unavailable(e.to_string()));
        };
        let session = administrator(server).await?;
        let rename = format!("ALTER DATABASE \"{}\" RENAME TO \"{name}\"", self.name);
        match session.batch(&rename).await {
            Ok(()) => Ok(()),
            Err(_) => self.remove().await,
        }
    }

    /// Removes it; sessions still open on it are ended.
    pub async fn remove(self) -> Result<()> {
        match &self.server {
            Some(server) => {
                let session = administrator(server).await?;
                session
                    .batch(&format!(
                        "DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)",
                        self.name
                    ))
                    .await
            }
            None => {
                for suffix in ["", "-wal", "-shm", ".lock"] {
                    let _ = std::fs::remove_file(format!("{}{suffix}", self.database));
                }
                Ok(())
            }
        }
    }
}

/// A session that makes and removes databases. A copy takes as long as the disk needs, past what a statement of the
/// house may take.
async fn administrator(server: &str) -> Result<Session> {
    let session = Connector::new(server)?.connect().await?.patient();
    session.batch("SET statement_timeout = 0").await?;
    Ok(session)
}

/// How a database is copied: by its files, which takes half as long as by its pages. Before version 15 that was the
/// only way, and had no name.
async fn strategy(session: &Session) -> Result<&'static str> {
    let sql = "SELECT CAST(current_setting('server_version_num') AS BIGINT) >= 150000";
    let rows = session.query(sql, vec![]).await?;
    let named = rows.first().is_some_and(|row| row.get::<_, bool>(0));
    Ok(if named { " STRATEGY FILE_COPY" } else { "" })
}

/// The same server's address with another database at its end.
fn with_database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let scheme_end = base.find("://").map_or(0, |at| at + 3);
    let host_end = base[scheme_end..]
        .find('/')
        .map_or(base.len(), |at| scheme_end + at);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    format!("{}/{name}{query}", &base[..host_end])
}
