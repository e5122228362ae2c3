using System.Text;
using Sidecar.Connections;

namespace Sidecar.Tests.Observation.Http1;

/// <summary>A valid conversation of pipelined exchanges made from a seed, as its bytes and as what is to be seen of it.</summary>
internal sealed class RandomHttp1
{
    private readonly Random _random;
    private readonly List<(string Request, string Response, string Seen)> _exchanges = [];

    public RandomHttp1(int seed, int mostExchanges = 11)
    {
        _random = new Random(seed);
        var count = _random.Next(1, mostExchanges + 1);
        for (var i = 0; i < count; i++)
            _exchanges.Add(Exchange(i));
    }

    /// <summary>One line for each exchange: method, target, bytes, status, bytes, outcome.</summary>
    public IReadOnlyList<string> Seen => [.. _exchanges.Select(e => e.Seen)];

    /// <summary>The bytes in an order in which they may pass: no response before its request has passed, requests at most four ahead.</summary>
    public IEnumerable<(Direction Direction, byte[] Piece)> Pieces()
    {
        var (asked, answered) = (0, 0);
        while (answered < _exchanges.Count)
        {
            if (asked < _exchanges.Count && (asked == answered || (asked < answered + 4 && _random.Next(2) == 0)))
            {
                foreach (var piece in Cut(_exchanges[asked++].Request))
                    yield return (Direction.Request, piece);
            }
            else
            {
                foreach (var piece in Cut(_exchanges[answered++].Response))
                    yield return (Direction.Response, piece);
            }
        }
    }

    private IEnumerable<byte[]> Cut(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var most = _random.Next(4) == 0 ? 3 : 200;
        for (var start = 0; start < bytes.Length;)
        {
            var length = Math.Min(_random.Next(1, most), bytes.Length - start);
            yield return bytes[start..(start + length)];
            start += length;
        }
    }

    private (string, string, string) Exchange(int number)
    {
        var method = Pick("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "X-OWN");
        var target = Pick("/", "/a%20b?c=d", "*", $"http://host/{number}", $"/{Junk(_random.Next(40))}");
        var request = $"{method} {target} HTTP/1.1\r\n{Fields()}{Body(mayBeAbsent: true)}";
        var status = Pick(200, 201, 204, 206, 301, 304, 404, 500, 503);
        var interim = _random.Next(5) == 0 ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
        var head = $"HTTP/1.1 {status} {Pick("", "OK", "not what you think")}\r\n{Fields()}";
        // What says how long a body would be stands there even if none may follow.
        var response = method == "HEAD" || status is 204 or 304
            ? interim + head + Pick("", "Content-Length: 77\r\n", "Transfer-Encoding: chunked\r\n") + "\r\n"
            : interim + head + Body(mayBeAbsent: false);
        return (request, response, $"{method} {target} {request.Length} {status} {response.Length} Completed");
    }

    private string Body(bool mayBeAbsent)
    {
        var body = Junk(_random.Next(60));
        return _random.Next(mayBeAbsent ? 3 : 2) switch
        {
            0 => $"{Pick("Content-Length", "content-length")}:{Pick("", " ", "\t")}{body.Length}\r\n{Fields()}\r\n{body}",
            1 => $"Transfer-Encoding: {Pick("chunked", "gzip, Chunked")}\r\n{Fields()}\r\n{Chunks(body)}",
            _ => "\r\n",
        };
    }

    private string Chunks(string body)
    {
        var text = new StringBuilder();
        for (var start = 0; start < body.Length;)
        {
            var length = Math.Min(_random.Next(1, 40), body.Length - start);
            text.Append($"{length:x}{Pick("", ";a=b", " ; c=\"d\"")}\r\n{body.AsSpan(start, length)}\r\n");
            start += length;
        }

        return $"{text}{Pick("0", "000")}\r\n{Pick("", "Sum: 1\r\n")}\r\n";
    }

    private string Fields()
    {
        var text = new StringBuilder();
        for (var i = _random.Next(4); i > 0; i--)
            text.Append($"{Pick("Host", "X-Y", "accept", "Cookie")}: {Pick("", "value", "two words", "\u00e9\u00ff", "a: b, c")}{Pick("\r\n", "\r\n", "\n", "\r\n  folded\r\n")}");
        return text.ToString();
    }

    // Bytes that mean something elsewhere.
    private string Junk(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Pick("a", "0", "/", "G", "\u0080")));

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
