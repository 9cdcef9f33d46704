-- The playlist's top tracks, and its artists by their songs. Runs add to each other, so each id is taken once.
WITH songs AS (
    SELECT song_id, max(song_name) AS song_name, max(popularity) AS popularity, max(artist_id) AS artist_id
    FROM songs_data GROUP BY song_id
), artists AS (
    SELECT artist_id, max(artist_name) AS artist_name FROM artist_data GROUP BY artist_id
), ranked AS (
    SELECT 'track' AS what, song_name AS name, popularity AS score,
           row_number() OVER (ORDER BY popularity DESC NULLS LAST, song_id) AS place
    FROM songs
    UNION ALL
    SELECT 'artist', max(artist_name), count(*),
           row_number() OVER (ORDER BY count(*) DESC, songs.artist_id)
    FROM songs JOIN artists ON songs.artist_id = artists.artist_id GROUP BY songs.artist_id
)
SELECT what, place, name, score FROM ranked WHERE place <= 10 ORDER BY what DESC, place
