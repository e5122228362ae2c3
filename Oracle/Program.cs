using Chassis;
using Oracle.Configuration;

return await ProgramShell.RunAsync(OracleCommand.Create(), args, OracleCommand.Epilog);
